"""What the stress gate does to certificates: runs of the built-in operators with and without it, champions put to a second look.

python -m tests.benchmarks.gate [--problem scheduling/transactions] [--from NAME] [--seeds 6] [--attempts 100]

Each seed makes two runs that differ in `--gate stress` alone. Told of each champion: its verdict, the stress families in which it
fails, its gaps, and the deciding line. Nothing is chosen by what is found here: the test split is opened for figures only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.integration.silent import Silent
from workbench.certification import certify
from workbench.loop.start import begin
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.sandbox import open_sandbox
from workbench.store import Store


def measure(problem: str, start: str, seeds: int, attempts: int) -> dict[str, Any]:
    """Both kinds of runs for each seed."""
    loaded = catalog.load(problem)
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
        for seed in range(seeds):
            for gate in ("", "stress"):
                runs = Path(name) / f"{seed}{gate}"
                options = RunOptions(
                    proposer="builtin", candidates=attempts, seed=seed, gate=gate, workers=1, tune_trials=0, seeds=(start,)
                )  # fmt: skip
                made = begin(loaded, options, runs, Silent())
                assert made.best
                with Store(runs, write=False) as store:
                    champion = store.candidate(made.run, made.best.number)
                    refused = Counter(a.status for a in store.attempts(made.run))[Status.FRAGILE]
                assert champion.program
                found = certify(loaded, champion.program, sandbox)
                stress = [c for c in found.checks if c.kind == "stress"]
                told.append(
                    {
                        "seed": seed, "gate": gate or "none", "verdict": found.verdict.value, "refused": refused,
                        "failed": [c.name.removeprefix("stress: ") for c in stress if not c.passed], "families": len(stress),
                        "gaps": {split.value: round(gap, 5) for split, gap in found.gaps.items()}, "reason": found.reason,
                    }
                )  # fmt: skip
                print(json.dumps(told[-1]), file=sys.stderr, flush=True)
    return {
        "problem": problem,
        "attempts": attempts,
        "without": summary(told, "none"),
        "with": summary(told, "stress"),
        "runs": told,
    }


def summary(told: list[dict[str, Any]], gate: str) -> dict[str, Any]:
    """Verdicts, and means over seeds."""
    own = [t for t in told if t["gate"] == gate]
    means = {split.value: round(sum(t["gaps"][split.value] for t in own) / len(own), 5) for split in Split}
    return {
        "verdicts": dict(Counter(t["verdict"] for t in own)),
        "stress_families_failed": sum(len(t["failed"]) for t in own),
        "of": sum(t["families"] for t in own),
        "mean_gap": means,
        "attempts_refused": sum(t["refused"] for t in own),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problem", default="scheduling/transactions")
    parser.add_argument("--from", dest="start", default="seed_decent")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--attempts", type=int, default=100)
    options = parser.parse_args()
    print(json.dumps(measure(options.problem, options.start, options.seeds, options.attempts)))


if __name__ == "__main__":
    main()
