"""CP-SAT with a limit of CPU time: python -m problems.scheduling.job_shop.cp_sat_seconds --split validation --seconds 1.

Not a baseline: candidates cannot import OR-Tools, and its result depends on the machine's speed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evaluators.job_shop.exact import solve_job_shop
from evaluators.job_shop.search import most_work_first
from evaluators.job_shop.verifier import check_schedule, semi_active
from workbench.model import Split

from .instances import instances


def main() -> None:
    """Print the gap of each instance, and the means by class and over classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Split, default=Split.VALIDATION, choices=list(Split))
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    references = json.loads((Path(__file__).parent / "references.json").read_text())["splits"][options.split]
    found: dict[str, list[tuple[int, float]]] = {}
    for instance in instances(options.split):
        durations, machines = instance.data["durations"], instance.data["machines"]
        try:
            value = solve_job_shop(durations, machines, options.seconds, repeatable=False).makespan
        except TimeoutError:  # no solution yet: fall back to a rule
            value = check_schedule(semi_active(most_work_first(durations), durations, machines), durations, machines)
        reference = references[instance.id]["value"]
        found.setdefault(instance.family, []).append((value, reference))
        print(f"{instance.id:24} {value:8} {100 * (value / reference - 1):7.2f} %", flush=True)
    gaps = {family: sum(v for v, _ in pairs) / sum(r for _, r in pairs) - 1 for family, pairs in found.items()}
    for family, gap in gaps.items():
        print(f"{family:24} {100 * gap:7.2f} %")
    print(f"{'mean over families':24} {100 * sum(gaps.values()) / len(gaps):7.2f} %")
    single = [v / r - 1 for pairs in found.values() for v, r in pairs]
    print(f"{'mean over instances':24} {100 * sum(single) / len(single):7.2f} %")


if __name__ == "__main__":
    main()
