"""Convergence of programs to the table's optimum by number of runs: python -m problems.knob_tuning.postgres.progress."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluators.postgres.verifier import KnobTuning
from workbench.model import Split
from workbench.problem.programs import find_program, program_names, read_program

from .instances import instances, tables

RUNS = (1, 5, 10, 30)
NEAR = 1.02
"""Ratio to the minimum cost that counts as found."""


def main() -> None:
    """Print, for each program, the mean excess over the minimum cost after some runs, and the share of workloads near it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation"), default="train")
    parser.add_argument("--programs", nargs="+", help="names in programs/; default: all")
    options = parser.parse_args()
    folder = Path(__file__).parent / "programs"
    names = options.programs or program_names(folder)
    verifier = KnobTuning(tables())
    chosen = instances(Split(options.split))
    least = {i.id: verifier.solve(i).value for i in chosen}
    print("| program |", *(f"after {run}, % above |" for run in RUNS), *(f"near after {run} |" for run in RUNS))
    print("|---|" + "---|" * 2 * len(RUNS))
    for name in names:
        policy = trusted(read_program(find_program(folder, name)))
        ratios: dict[int, list[float]] = {run: [] for run in RUNS}
        for instance in chosen:
            found = verifier.run(instance, policy).metrics
            for run in RUNS:
                ratios[run].append(found[f"after_{run}"] / least[instance.id])
        above = (f"{100 * statistics.mean(ratios[run]) - 100:.1f} |" for run in RUNS)
        near = (f"{sum(ratio <= NEAR for ratio in ratios[run])} of {len(chosen)} |" for run in RUNS)
        print(f"| {name} |", *above, *near, flush=True)


def trusted(source: str) -> Callable[..., Any]:
    """Load a trusted program in this process; its arguments are reduced to JSON, as in the sandbox."""
    scope: dict[str, Any] = {"__name__": "candidate"}
    exec(compile(source, "<program>", "exec"), scope)
    suggest = scope["suggest"]
    return lambda *args: suggest(*json.loads(json.dumps(args)))


if __name__ == "__main__":
    main()
