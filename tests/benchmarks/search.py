"""How good a search strategy is: the gap that its best candidates leave, beside others at the same budget, over problems and seeds.

python -m tests.benchmarks.search [--problem SLUG ...] [--strategy NAME ...] [--seeds 8] [--attempts 200] [--from seed] [--json]

All runs use the built-in operators without tuning, from the same program and with the same seeds. A run counts by
the share of the start's validation gap that its best candidate leaves (chosen on validation, for every strategy alike). The first
strategy is compared with each other one, paired by problem and seed; the 95 % interval is the bootstrap's over seeds within
problems, which weigh alike. Rank 1 is the best of all strategies on a problem and seed; equals share their ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from tests.integration.silent import Silent
from workbench.analysis.stats import paired_interval
from workbench.loop.start import begin
from workbench.model import Split
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store

PROBLEMS = (
    "scheduling/weighted_tardiness", "scheduling/total_tardiness", "scheduling/transactions", "scheduling/job_shop",
    "moe_placement/prism", "load_balancing/llm_serving",
)  # fmt: skip
STRATEGIES = ("adaptive", "islands", "greedy", "best_of_n", "openevolve")


class Setting(NamedTuple):
    """One run."""

    problem: str
    seed: int
    strategy: str


def left(setting: Setting, attempts: int, start: str) -> float:
    """Share of the start's validation gap that the best candidate of one run leaves."""
    options = RunOptions(
        proposer="builtin", strategy=setting.strategy, candidates=attempts, seed=setting.seed, tune_trials=0, seeds=(start,),
        workers=1,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as runs:
        made = begin(catalog.load(setting.problem), options, Path(runs), Silent())
        with Store(Path(runs), write=False) as store:
            first = store.report(made.run, 0, Split.VALIDATION)
    assert first and made.best and made.best.validation is not None
    share = made.best.validation / first.gap
    print(f"{setting.problem} {setting.strategy} seed {setting.seed}: {share:.3f}", file=sys.stderr, flush=True)
    return share


def ranks(values: Sequence[float]) -> list[float]:
    """Rank of each value, 1 for the lowest; equal values share the mean of their ranks."""
    return [sum(v < value for v in values) + (1 + sum(v == value for v in values)) / 2 for value in values]


def measure(problems: list[str], strategies: list[str], seeds: range, attempts: int, start: str, runs: int = 2) -> dict[str, Any]:
    """Make all runs; return what each strategy leaves, its mean rank, and how the first one differs from it."""
    settings = [Setting(*of) for of in product(problems, seeds, strategies)]
    with ProcessPoolExecutor(runs) as pool:
        shares = list(pool.map(left, settings, [attempts] * len(settings), [start] * len(settings)))
    rows = [shares[i : i + len(strategies)] for i in range(0, len(shares), len(strategies))]
    ranked = [ranks(row) for row in rows]
    families = [problem for problem in problems for _ in seeds]
    told: dict[str, Any] = {"attempts": attempts, "seeds": [*seeds], "from": start, "strategies": {}}
    for k, strategy in enumerate(strategies):
        ours, theirs = [row[0] for row in rows], [row[k] for row in rows]
        by_gap = paired_interval(ours, theirs, families=families)
        by_rank = paired_interval([row[0] for row in ranked], [row[k] for row in ranked], families=families)
        told["strategies"][strategy] = {
            "left": {
                slug: round(statistics.mean(t for t, f in zip(theirs, families, strict=True) if f == slug), 4) for slug in problems
            },
            "mean_rank": round(statistics.mean(row[k] for row in ranked), 3),
            "gap_of_first_less_this": [round(value, 4) for value in by_gap],
            "rank_of_first_less_this": [round(value, 3) for value in by_rank],
        }
    return told


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", action="append")
    parser.add_argument("--strategy", action="append", help="the first is compared with each other one")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--attempts", type=int, default=200)
    parser.add_argument("--from", dest="start", default="seed")
    parser.add_argument("--processes", type=int, default=2, help="runs at a time")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    strategies = options.strategy or list(STRATEGIES)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    os.environ["EVOLVE_STATE"] = tempfile.mkdtemp()
    told = measure(options.problem or list(PROBLEMS), strategies, seeds, options.attempts, options.start, options.processes)
    if options.json:
        print(json.dumps(told))
        return
    for strategy, row in told["strategies"].items():
        gap, low, high = row["gap_of_first_less_this"]
        rank, low_rank, high_rank = row["rank_of_first_less_this"]
        by_problem = ", ".join(f"{slug.partition('/')[2]} {share:.1%}" for slug, share in row["left"].items())
        print(f"{strategy:11} mean rank {row['mean_rank']:.2f}; leaves {by_problem}")
        if strategy != strategies[0]:
            print(
                f"{'':11} {strategies[0]}: {gap:+.1%} [{low:+.1%}, {high:+.1%}] of the gap, "
                f"{rank:+.2f} [{low_rank:+.2f}, {high_rank:+.2f}] in rank"
            )


if __name__ == "__main__":
    main()
