"""How good a search strategy is: the gap its champions leave, against `best_of_n` at the same budget, over problems and seeds.

python -m tests.benchmarks.quality [--problem SLUG ...] [--strategy NAME ...] [--seeds 8] [--attempts 200] [--from seed] [--json]

All runs use the built-in operators without tuning, from the same program and with the same seeds. A run counts by the share of the
start's validation gap that its champion leaves (the champion is chosen on validation, for every strategy alike). Differences to
`best_of_n` are paired by problem and seed; the 95 % interval is the bootstrap's over seeds within problems, which weigh alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

from tests.integration.silent import Silent
from workbench.analysis.stats import paired_interval
from workbench.loop.start import begin
from workbench.model import Split
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store

PROBLEMS = ("scheduling/weighted_tardiness", "scheduling/job_shop", "scheduling/transactions", "moe_placement/prism")
STRATEGIES = ("islands", "greedy", "openevolve")
YARDSTICK = "best_of_n"


def left(slug: str, strategy: str, seed: int, attempts: int, start: str) -> float:
    """Share of the start's validation gap that the champion of one run leaves."""
    loaded = catalog.load(slug)
    options = RunOptions(
        proposer="builtin", strategy=strategy, candidates=attempts, seed=seed, tune_trials=0, seeds=(start,)
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as runs:
        made = begin(loaded, options, Path(runs), Silent())
        with Store(Path(runs), write=False) as store:
            first = store.report(made.run, 0, Split.VALIDATION)
        assert first and made.best and made.best.validation is not None
    share = made.best.validation / first.gap
    print(f"{slug} {strategy} seed {seed}: {share:.3f}", file=sys.stderr, flush=True)
    return share


def measure(problems: list[str], strategies: list[str], seeds: int, attempts: int, start: str) -> dict[str, Any]:
    """All runs, and each strategy beside the baseline."""
    found = {
        strategy: [[left(slug, strategy, seed, attempts, start) for seed in range(seeds)] for slug in problems]
        for strategy in (YARDSTICK, *strategies)
    }
    families = [slug for slug in problems for _ in range(seeds)]
    told: dict[str, Any] = {"attempts": attempts, "seeds": seeds, "from": start, "strategies": {}}
    for strategy, rows in found.items():
        against = paired_interval(list(chain(*rows)), list(chain(*found[YARDSTICK])), families=families)
        told["strategies"][strategy] = {
            "left": {slug: round(statistics.mean(row), 4) for slug, row in zip(problems, rows, strict=True)},
            "mean": round(statistics.mean(map(statistics.mean, rows)), 4),
            "against_best_of_n": [round(value, 4) for value in (against.mean, against.low, against.high)],
        }
    return told


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", action="append")
    parser.add_argument("--strategy", action="append")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--attempts", type=int, default=200)
    parser.add_argument("--from", dest="start", default="seed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told = measure(
        options.problem or list(PROBLEMS), options.strategy or list(STRATEGIES), options.seeds, options.attempts, options.start
    )  # fmt: skip
    if options.json:
        print(json.dumps(told))
        return
    for strategy, row in told["strategies"].items():
        mean, low, high = row["against_best_of_n"]
        by_problem = ", ".join(f"{slug.partition('/')[2]} {share:.1%}" for slug, share in row["left"].items())
        print(f"{strategy:11} leaves {row['mean']:.1%} of the start's gap; {mean:+.1%} [{low:+.1%}, {high:+.1%}] ({by_problem})")


if __name__ == "__main__":
    main()
