"""What racing saves, and what it costs: instance evaluations and the best candidate of the same runs with it and without.

python -m tests.benchmarks.racing [--problem SLUG ...] [--seeds 10] [--attempts 80] [--from seed] [--json] [--keep FOLDER]

Runs use the built-in operators without tuning, one after the other, from one initial program. An instance evaluation is an
instance of train or validation on which an attempt's program was run. A run counts by the share of the start's gap that its best
candidate leaves (chosen on validation). Runs with the same seed are paired; 95 % intervals are the bootstrap's over seeds within
problems, which weigh alike.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from tests.integration.silent import Silent
from workbench.analysis.stats import paired_interval
from workbench.evaluation.evaluate import NOT_RUN
from workbench.loop.start import begin
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Outcome, Store

PROBLEMS = ("scheduling/weighted_tardiness", "scheduling/total_tardiness", "scheduling/transactions", "moe_placement/prism")
WAYS = {"without": False, "with": True}


class Made(NamedTuple):
    """What one run took and found: instance evaluations, attempts stopped early, the best candidate's gaps and what they leave."""

    evaluations: int
    stopped: int
    train: float
    validation: float
    left_train: float
    left: float


def made(problem: str, seed: int, race: bool, attempts: int, start: str, runs: Path) -> Made:
    """Make one run."""
    options = RunOptions(proposer="builtin", candidates=attempts, seed=seed, tune_trials=0, seeds=(start,), workers=1, race=race)
    return read(begin(catalog.load(problem), options, runs, Silent()), runs)


def read(run: Outcome, runs: Path) -> Made:
    """Count what a recorded run took and found."""
    assert run.best and run.best.validation is not None
    with Store(runs, write=False) as store:
        tried = store.attempts(run.run)
        reports = {
            (c.number, split): store.report(run.run, c.number, split) for c in tried for split in (Split.TRAIN, Split.VALIDATION)
        }
    first = {split: report.gap for (n, split), report in reports.items() if n == 0 and report}
    evaluations = sum(NOT_RUN not in r.message for (n, _), report in reports.items() if n and report for r in report.results)
    return Made(
        evaluations,
        sum(c.status is Status.BEHIND for c in tried),
        run.best.train,
        run.best.validation,
        run.best.train / first[Split.TRAIN],
        run.best.validation / first[Split.VALIDATION],
    )


def measure(problems: list[str], seeds: int, attempts: int, start: str, folder: Path) -> list[dict[str, Any]]:
    """Make all runs, and print each pair as it ends."""
    rows = []
    for seed, problem in product(range(seeds), problems):
        pair = {way: made(problem, seed, race, attempts, start, folder / way) for way, race in WAYS.items()}
        rows.append({"problem": problem, "seed": seed} | {way: run._asdict() for way, run in pair.items()})
        before, after = pair["without"], pair["with"]
        print(
            f"{problem} seed {seed}: {before.evaluations} -> {after.evaluations} instance evaluations ({after.stopped} stopped), "
            f"train {before.train:.2%} -> {after.train:.2%}, validation {before.validation:.2%} -> {after.validation:.2%}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    return rows


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Saving and paired difference, by problem and over all."""

    def summary(some: list[dict[str, Any]]) -> dict[str, Any]:
        before, after = (sum(row[way]["evaluations"] for row in some) for way in WAYS)
        families = [row["problem"] for row in some]
        differences = {
            name: paired_interval([row["with"][name] for row in some], [row["without"][name] for row in some], families=families)
            for name in ("left_train", "left")
        }
        equal = sum(abs(row["with"]["validation"] - row["without"]["validation"]) < 1e-12 for row in some)
        return {
            "runs": len(some),
            "without": before,
            "with": after,
            "saved": round(1 - after / before, 4),
            "equal": equal,
        } | differences

    problems = dict.fromkeys(row["problem"] for row in rows)
    by_problem = {problem: summary([row for row in rows if row["problem"] == problem]) for problem in problems}
    saved = sum(row["saved"] for row in by_problem.values()) / len(by_problem)
    return by_problem | {"all": summary(rows) | {"saved": round(saved, 4)}}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", action="append")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--attempts", type=int, default=80)
    parser.add_argument("--from", dest="start", default="seed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="keep the runs in this folder")
    options = parser.parse_args()
    os.environ["EVOLVE_STATE"] = tempfile.mkdtemp()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.keep or Path(folder)
        rows = measure(options.problem or list(PROBLEMS), options.seeds, options.attempts, options.start, kept)
    if options.json:
        print(json.dumps({"runs": rows, "found": told(rows)}))
        return
    for name, row in told(rows).items():
        train, left = ("{:+.1%} [{:+.1%}, {:+.1%}]".format(*row[key]) for key in ("left_train", "left"))
        print(
            f"{name}: {row['saved']:.1%} of instance evaluations saved; the share left is larger by {train} on train, "
            f"{left} on validation; equal in {row['equal']} of {row['runs']} runs"
        )


if __name__ == "__main__":
    main()
