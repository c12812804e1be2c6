"""What a part of the search is worth: the same runs with it and without.

python -m tests.benchmarks.ablations racing|tuning|replicates [--problem SLUG ...] [--seeds 10] [--attempts 80] [--from seed]
                                     [--json] [--keep FOLDER]

Runs use the built-in operators, one after the other, from one initial program, without tuning unless that is the part. An instance
evaluation is an instance of train or validation on which an attempt's program was run; the trials of a tuning, each on a part of
train, count as one attempt together. A run counts by the share of the start's gap that its best candidate leaves (chosen on
validation). Runs with the same seed are paired; 95 % intervals are the bootstrap's over seeds within problems, which weigh alike.

Replicates only choose among the candidates of one run. So both choices of each run, with them and by validation alone, are compared
on further instances that the run did not draw (in % of the better of the two on each).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from tests.integration.silent import Silent
from workbench.analysis.stats import paired_interval
from workbench.evaluation.evaluate import NOT_RUN
from workbench.evaluation.inline import InlinePool
from workbench.loop.replicates import Replicates
from workbench.loop.start import begin
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Outcome, Store

PROBLEMS = ("scheduling/weighted_tardiness", "scheduling/total_tardiness", "scheduling/transactions", "moe_placement/prism")
WAYS = ("without", "with")
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "racing": {"without": {"race": False}, "with": {"race": True}},
    "tuning": {"without": {"tune_trials": 0}, "with": {"tune_trials": RunOptions().tune_trials}},
}
OTHER_DRAWS = 1_000_000
"""Added to a run's seed, for instances that it did not draw."""


class Made(NamedTuple):
    """What one run took and found: instance evaluations, attempts stopped early, the best candidate's gaps and what they leave."""

    evaluations: int
    stopped: int
    train: float
    validation: float
    left_train: float
    left: float


def made(problem: str, seed: int, attempts: int, start: str, runs: Path, **part: Any) -> Outcome:
    """Make one run."""
    options = RunOptions(
        **{"proposer": "builtin", "candidates": attempts, "seed": seed, "tune_trials": 0, "seeds": (start,), "workers": 1} | part
    )
    return begin(catalog.load(problem), options, runs, Silent())


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


def paired(part: str, problem: str, seed: int, attempts: int, start: str, folder: Path) -> dict[str, Any]:
    """Make one run with a part of the search and one without, and print what they found."""
    pair = {way: read(made(problem, seed, attempts, start, folder / way, **OPTIONS[part][way]), folder / way) for way in WAYS}
    before, after = pair["without"], pair["with"]
    print(
        f"{problem} seed {seed}: {before.evaluations} -> {after.evaluations} instance evaluations ({after.stopped} stopped), "
        f"train {before.train:.2%} -> {after.train:.2%}, validation {before.validation:.2%} -> {after.validation:.2%}",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return {way: run._asdict() for way, run in pair.items()}


def chosen(part: str, problem: str, seed: int, attempts: int, start: str, folder: Path) -> dict[str, Any]:
    """Make one run, and compare what it chose with the best on validation alone on instances that it did not draw."""
    run = made(problem, seed, attempts, start, folder)
    assert run.best
    with Store(folder, write=False) as store:
        gaps = store.gaps(run.run, Split.VALIDATION)
        numbers = {"without": min(gaps, key=lambda number: (gaps[number], number)), "with": run.best.number}
        programs = {number: store.candidate(run.run, number).program for number in numbers.values()}
        reports = {number: store.report(run.run, number, Split.VALIDATION) for number in programs}
    loaded = catalog.load(problem)
    other = Replicates(loaded, seed + OTHER_DRAWS)
    left = dict.fromkeys(WAYS, 0.0)
    if len(programs) == 2:
        with InlinePool(loaded) as pool:
            further = {number: pool.submit(other.job(program)).result() for number, program in programs.items() if program}
        # Validation has chosen one of the two, so it counts for nothing here.
        unseen = {number: replace(report, results=()) for number, report in reports.items() if report}
        pooled = other.pooled(unseen, further)
        left = {way: pooled[number] for way, number in numbers.items()}
    print(f"{problem} seed {seed}: {numbers['without']} -> {numbers['with']}, {left['without']:.2%} -> {left['with']:.2%}",
          file=sys.stderr, flush=True)  # fmt: skip
    return {way: {"number": numbers[way], "left": left[way]} for way in WAYS}


def measure(
    make: Callable[..., dict[str, Any]], part: str, problems: list[str], seeds: int, attempts: int, start: str, folder: Path
) -> list[dict[str, Any]]:
    """Make all runs, and print each pair as it ends."""
    return [
        {"problem": problem, "seed": seed} | make(part, problem, seed, attempts, start, folder)
        for seed, problem in product(range(seeds), problems)
    ]


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Paired differences and, where they were counted, instance evaluations, by problem and over all."""

    def summary(some: list[dict[str, Any]]) -> dict[str, Any]:
        families = [row["problem"] for row in some]
        found: dict[str, Any] = {"runs": len(some)}
        found["equal"] = sum(abs(row["with"]["left"] - row["without"]["left"]) < 1e-12 for row in some)
        for name in sorted({"left_train", "left"} & set(some[0]["with"])):
            found[name] = paired_interval(
                [row["with"][name] for row in some], [row["without"][name] for row in some], families=families
            )
        if "evaluations" in some[0]["with"]:
            found |= {way: sum(row[way]["evaluations"] for row in some) for way in WAYS}
            found["saved"] = round(1 - found["with"] / found["without"], 4)
        return found

    problems = dict.fromkeys(row["problem"] for row in rows)
    by_problem = {problem: summary([row for row in rows if row["problem"] == problem]) for problem in problems}
    whole = summary(rows)
    if "saved" in whole:
        whole["saved"] = round(sum(row["saved"] for row in by_problem.values()) / len(by_problem), 4)
    return by_problem | {"all": whole}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=(*OPTIONS, "replicates"))
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
        make = paired if options.part in OPTIONS else chosen
        rows = measure(make, options.part, options.problem or list(PROBLEMS), options.seeds, options.attempts, options.start, kept)
    if options.json:
        print(json.dumps({"runs": rows, "found": told(rows)}))
        return
    for name, row in told(rows).items():
        saved = f"{row['saved']:.1%} of instance evaluations saved; " if "saved" in row else ""
        train = "{:+.1%} [{:+.1%}, {:+.1%}] on train, ".format(*row["left_train"]) if "left_train" in row else ""
        left = "{:+.2%} [{:+.2%}, {:+.2%}]".format(*row["left"])
        equal = f"equal in {row['equal']} of {row['runs']} runs"
        print(f"{name}: {saved}with {options.part} the best candidate leaves {train}{left} more; {equal}")


if __name__ == "__main__":
    main()
